"""Networks: plain ``nn.Module``s that know nothing of losses, data or training."""
