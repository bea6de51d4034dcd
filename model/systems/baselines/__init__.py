"""Systems that ignore the audio: the class prior, and the starter kit's random answer."""
