"""What can be trained: architectures, their default parameters, and systems made of them."""
