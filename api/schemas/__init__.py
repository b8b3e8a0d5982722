"""What goes over the wire: bodies of requests and responses, one noun a file."""
