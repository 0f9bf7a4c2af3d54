#!/bin/bash
#
# Gradescope runs this once, as root, when the autograder is uploaded: install what the grader needs, and build once, so that no
# student waits for it.

set -euo pipefail
cd /autograder/source/vitrine
apt-get update
DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends make python3 git ca-certificates
tools/setup.sh grade
tools/lab start @LAB@ --force
make LAB=@LAB@ build
make LAB=@LAB@ GDB=1 build
rm -rf labs/lab@LAB@-*/work
