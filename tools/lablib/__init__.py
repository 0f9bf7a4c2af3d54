"""What tools/lab is made of."""
