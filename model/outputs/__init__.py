"""Result files of a run: table, errors file, settings, windows, embeddings, ID3 tags, report.

Every file is written through ``model.files.atomic_file``.
"""
