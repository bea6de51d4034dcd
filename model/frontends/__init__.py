"""Front ends: from a waveform to a spectrogram or the 518 FMA features; numpy only."""
