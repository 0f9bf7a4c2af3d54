"""What tools/vitrine is made of; each file has one subject, main.py puts them together."""
