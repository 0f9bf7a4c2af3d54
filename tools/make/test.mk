# Tests: see below
