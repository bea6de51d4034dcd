"""Engines that run a submission under limits: Docker, and a local stand-in."""
