"""A submission's repository: where it comes from, its files, and what a build sees of them."""
