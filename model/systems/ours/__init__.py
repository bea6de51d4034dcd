"""Our own networks: MobileNetV3, two branches made for music, and their late fusion."""
