"""Flask: requests in, pages and answers out."""
