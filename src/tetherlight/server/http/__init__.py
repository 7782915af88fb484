"""Pages, images and motion JPEG."""
