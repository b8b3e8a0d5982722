"""Sightline: which vision-language model is better, by how much, and is it real."""

__version__ = "0.1.0"
