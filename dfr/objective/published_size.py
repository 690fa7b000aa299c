"""The sizes at which DFR and DeCorMST were published, height and width in pixels.

They stand apart from `dfr.objective.balance`, so that reports read them without loading torch.
"""

DFR_SIZE = (422, 512)
DECORMST_SIZE = (321, 481)
