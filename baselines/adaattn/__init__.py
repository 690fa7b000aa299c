"""AdaAttN (Liu et al., ICCV 2021): statistics of the style that attention finds for each place."""
