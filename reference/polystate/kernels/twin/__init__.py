"""The evaluation of one state in torch: the numbers of NumPy, and gradients. torch is imported here and nowhere else in
`kernels`."""
