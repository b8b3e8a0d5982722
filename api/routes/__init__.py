"""The endpoints, one noun a file. A route checks, calls one function of the domain, presents."""
