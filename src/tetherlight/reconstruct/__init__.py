"""What is computed of a set: its lights, its surface, and the files that hold them."""
