# The main table of a study of choices or rankings from choices.csv: strengths with 95 % intervals.
#
#   Rscript main_table.R [FOLDER] [QUESTION]      (default: this folder, and every question)
#
# Needs R alone, no package. Writes main_table.csv into the folder. The model is Plackett's and
# Luce's: of the methods that are shown, i is the best with the chance exp(theta_i) over the sum of
# all; where all were put in order, the next one is the best of the rest. The theta add up to zero.
# The intervals take people, photographs and styles as drawn at random: see crossed_spread() below.
# Where the table of `dfr votes rank` has another basis than "votes", do not read this one's
# intervals.

prior <- 0.1   # imaginary wins of each of every two methods over the other
least <- 3     # with fewer people, there is no interval; with fewer pictures, they are as given

arguments <- commandArgs(trailingOnly = TRUE)
folder <- if (length(arguments) > 0) arguments[1] else "."
shown <- read.csv(file.path(folder, "choices.csv"), stringsAsFactors = FALSE,
                  colClasses = c(participant = "character", content = "character",
                                 style = "character", method = "character",
                                 excluded = "character", rank = "character"),
                  na.strings = character(0))
shown$rank <- suppressWarnings(as.numeric(shown$rank))   # empty: not the chosen one

# Gradient of each vote and minus the second derivative of all, at theta.
# orders: one row per vote, the best first; stages: how many places are known.
derivatives <- function(orders, stages, theta) {
  size <- length(theta)
  votes <- nrow(orders)
  score <- matrix(0, votes, size)
  information <- matrix(1, size, size)   # ones change nothing that adds up to zero
  for (stage in seq_len(stages)) {
    rest <- orders[, stage:ncol(orders), drop = FALSE]
    weight <- matrix(exp(theta[rest]), votes)
    chance <- weight / rowSums(weight)
    expected <- matrix(0, votes, size)
    for (k in seq_len(ncol(rest))) expected[cbind(seq_len(votes), rest[, k])] <- chance[, k]
    score <- score - expected
    taken <- cbind(seq_len(votes), rest[, 1])
    score[taken] <- score[taken] + 1
    information <- information + diag(colSums(expected)) - crossprod(expected)
  }
  won <- plogis(outer(theta, theta, "-"))
  between <- 2 * prior * won * (1 - won) * (1 - diag(size))
  list(score = score, information = information + diag(rowSums(between)) - between,
       prior = prior * rowSums(t(won) - won))
}

strengths <- function(orders, stages, size) {
  theta <- numeric(size)
  for (step in 1:500) {
    now <- derivatives(orders, stages, theta)
    move <- solve(now$information, colSums(now$score) + now$prior)
    theta <- theta + move / max(diff(range(move)), 1)
    if (diff(range(move)) < 1e-9) return(theta - mean(theta))
  }
  stop("no strengths found")
}

source("crossed_spread.R")   # in an export its text stands here

table_of <- function(question) {
  mine <- shown[shown$kind == "vote" & shown$question == question &
                  tolower(shown$excluded) != "true", ]
  if (nrow(mine) == 0) return(NULL)
  methods <- sort(unique(mine$method))
  vote <- paste(mine$participant, mine$position)
  mine <- mine[order(vote, mine$rank), ]           # what was not chosen comes last
  vote <- paste(mine$participant, mine$position)
  pictures <- sum(vote == vote[1])
  orders <- matrix(match(mine$method, methods), ncol = pictures, byrow = TRUE)
  votes <- mine[seq(1, nrow(mine), pictures), ]
  stages <- if (anyNA(mine$rank)) 1 else pictures - 1
  theta <- strengths(orders, stages, length(methods))
  found <- derivatives(orders, stages, theta)
  score <- sweep(found$score, 2, colMeans(found$score))
  spread <- crossed_spread(t(solve(found$information, t(score))), votes)
  half <- qt(0.975, spread$freedom) * sqrt(spread$variance)
  number <- vapply(seq_along(methods), function(i) sum(orders == i), 0L)
  table <- data.frame(
    question = question, method = methods, votes = number,
    rank = rank(-round(theta, 8), ties.method = "min"), strength = theta, low = theta - half,
    high = theta + half,
    first = vapply(seq_along(methods), function(i) sum(orders[, 1] == i), 0L) / number
  )
  table[order(table$rank, table$method), ]
}

questions <- if (length(arguments) > 1) arguments[2] else unique(shown$question)
main <- do.call(rbind, lapply(questions, table_of))
if (is.null(main)) stop("choices.csv holds no counted votes")
row.names(main) <- NULL
print(main, digits = 3)
write.csv(main, file.path(folder, "main_table.csv"), row.names = FALSE)
