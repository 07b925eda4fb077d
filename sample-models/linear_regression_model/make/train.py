"""Fits nn.Linear(1, 1) to y = 1 + 2 x + noise and saves it as TorchScript: ../1/model.pt.

    pip install torch==2.13.0
    python train.py
"""

from pathlib import Path

import torch

HERE = Path(__file__).parent.parent

torch.manual_seed(0)
x = 2 * torch.rand(100, 1)
y = 1 + 2 * x + torch.randn(100, 1)

model = torch.nn.Linear(1, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(1000):
    optimizer.zero_grad()
    loss = torch.nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
print(f"w = {model.weight.item():.4f}, b = {model.bias.item():.4f}, mean squared error {loss.item():.4f}")
print(f"2.5 -> {model(torch.tensor([[2.5]])).item():.4f}")

torch.jit.script(model.eval()).save(str(HERE / "1" / "model.pt"))
