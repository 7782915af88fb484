"""Image sets on disk: files, manifests and safe paths."""
