# Variances and degrees of freedom: the people's part, and what photographs and styles add to it.
crossed_spread <- function(influence, votes) {
  corrected <- function(sums, levels) colSums(sums^2) * levels / max(levels - 1, 1)
  part_of <- function(code) corrected(rowsum(influence, code), length(unique(code)))
  noise <- corrected(influence, nrow(influence))
  people <- length(unique(votes$participant))
  parts <- list(part_of(votes$participant))
  freedom <- people - 1
  for (code in list(votes$content, votes$style)) {
    levels <- length(unique(code))
    more <- pmax(part_of(code) - noise, 0)
    parts[[length(parts) + 1]] <- if (levels >= least) more else 0 * more
    freedom <- c(freedom, levels - 1)
  }
  parts <- do.call(rbind, parts)
  variance <- colSums(parts)
  squares <- colSums(parts^2 / pmax(freedom, 1))
  list(variance = if (people >= least) variance else NA * variance,
       freedom = variance^2 / squares)
}
