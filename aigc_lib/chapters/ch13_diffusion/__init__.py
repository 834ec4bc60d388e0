"""The room of chapter 13, diffusion and flow matching."""
