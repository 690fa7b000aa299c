"""WCT (Li et al., NeurIPS 2017) with Deep Feature Perturbation (Wang et al., CVPR 2020).

`baselines.wct.method` is the method; `baselines.wct.transform` the whitening and colouring;
`baselines.wct.network` the encoders and decoders, and their weights.
"""
