"""Tables of the 518 features of ``model.features``, for folders of mp3s and for FMA."""
