"""Notes over HTTP: for whoever wrote them."""
