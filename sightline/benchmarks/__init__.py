"""Benchmarks: one file or package each, listed in ``registry``."""
