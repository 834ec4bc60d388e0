"""The room of chapter 7, convolutional gans."""
