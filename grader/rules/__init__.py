"""The rules of ``check``: each module holds functions from a repository to its findings."""
