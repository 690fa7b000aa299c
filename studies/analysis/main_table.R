# The main table of a study from answers.csv: strengths of the methods, with 95 % intervals.
#
#   Rscript main_table.R [FOLDER] [QUESTION]      (default: this folder, and every question)
#
# Needs R alone, no package. Writes main_table.csv into the folder. The model is Bradley and
# Terry's with ties after Davidson (1970): of methods i and j,
#   log P(i is preferred) = theta_i + c,  log P(j is preferred) = theta_j + c,
#   log P(tie) = log(nu) + (theta_i + theta_j) / 2 + c,
# which is a log-linear model of counts with one c for each two methods (Fienberg and Larntz, 1976),
# so glm() fits it. The theta add up to zero. The intervals take people, photographs and styles as
# drawn at random: see crossed_spread() below. It is for studies in which no method won or lost every
# vote, and every two met or met others who did; where the table of `dfr votes rank` has another
# basis than "votes", do not read this one's intervals.

prior <- 0.1   # imaginary votes of each of the three answers, for every two methods
least <- 3     # with fewer people, there is no interval; with fewer pictures, they are as given

arguments <- commandArgs(trailingOnly = TRUE)
folder <- if (length(arguments) > 0) arguments[1] else "."
answers <- read.csv(file.path(folder, "answers.csv"), stringsAsFactors = FALSE,
                    colClasses = c(participant = "character", content = "character",
                                   style = "character", left_method = "character",
                                   right_method = "character", excluded = "character"),
                    na.strings = character(0))

# Counts of the three answers for every two methods, the prior among them, as rows of a glm.
counts_of <- function(votes, methods) {
  pairs <- t(combn(length(methods), 2))
  rows <- list()
  for (k in seq_len(nrow(pairs))) {
    i <- pairs[k, 1]
    j <- pairs[k, 2]
    met <- (votes$left == i & votes$right == j) | (votes$left == j & votes$right == i)
    wins_i <- sum(met & votes$winner == i)
    wins_j <- sum(met & votes$winner == j)
    ties <- sum(met & votes$winner == 0)
    for (what in c("i", "j", "tie")) {
      x <- numeric(length(methods))
      if (what == "i") x[i] <- 1
      if (what == "j") x[j] <- 1
      if (what == "tie") x[c(i, j)] <- 1 / 2
      count <- c(i = wins_i, j = wins_j, tie = ties)[[what]] + prior
      rows[[length(rows) + 1]] <- list(count = count, pair = k, tie = what == "tie", x = x)
    }
  }
  list(
    count = vapply(rows, function(row) row$count, 0),
    pair = factor(vapply(rows, function(row) row$pair, 0)),
    tie = as.numeric(vapply(rows, function(row) row$tie, TRUE)),
    x = do.call(rbind, lapply(rows, function(row) row$x))
  )
}

# Davidson's model; returns theta and log(nu), and the inverse of their information.
davidson <- function(counts) {
  size <- ncol(counts$x)
  # theta_i - theta_m for i < m, so that the model is of full rank.
  x <- counts$x[, -size, drop = FALSE]
  one_c <- nlevels(counts$pair) == 1
  frame <- data.frame(count = counts$count, pair = counts$pair, tie = counts$tie)
  # quasipoisson: the prior makes counts that are no whole numbers; estimates are Poisson's.
  fit <- if (one_c) {
    glm(count ~ tie + x, family = quasipoisson, data = frame,
        control = glm.control(epsilon = 1e-13, maxit = 200))
  } else {
    glm(count ~ 0 + pair + tie + x, family = quasipoisson, data = frame,
        control = glm.control(epsilon = 1e-13, maxit = 200))
  }
  names <- names(coef(fit))
  wanted <- c(which(startsWith(names, "x")), which(names == "tie"))
  unscaled <- summary(fit)$cov.unscaled[wanted, wanted]
  # From differences to strengths that add up to zero.
  centre <- rbind(diag(size - 1), 0) - 1 / size
  change <- rbind(cbind(centre, 0), c(numeric(size - 1), 1))
  list(values = as.vector(change %*% coef(fit)[wanted]),
       inverse = change %*% unscaled %*% t(change))
}

# By how much each vote moves each estimate: its part of the gradient times the inverse.
influences <- function(votes, found, size) {
  theta <- found$values[seq_len(size)]
  nu <- exp(found$values[size + 1])
  left <- exp(theta[votes$left])
  right <- exp(theta[votes$right])
  tied <- nu * sqrt(left * right)
  whole <- left + right + tied
  score <- matrix(0, nrow(votes), size + 1)
  answer <- ifelse(votes$winner == 0, 0, ifelse(votes$winner == votes$left, 1 / 2, -1 / 2))
  surprise <- answer - (left - right) / whole / 2
  score[cbind(seq_len(nrow(votes)), votes$left)] <- surprise
  score[cbind(seq_len(nrow(votes)), votes$right)] <- -surprise
  score[, size + 1] <- (votes$winner == 0) - tied / whole
  score <- sweep(score, 2, colMeans(score))
  score %*% found$inverse
}

source("crossed_spread.R")   # in an export its text stands here

table_of <- function(question) {
  shown <- answers[answers$kind == "vote" & answers$question == question &
                     tolower(answers$excluded) != "true" & answers$left_source == "output" &
                     answers$right_source == "output" &
                     answers$left_method != answers$right_method, ]
  methods <- sort(unique(c(shown$left_method, shown$right_method)))
  if (length(methods) < 2) return(NULL)
  votes <- data.frame(left = match(shown$left_method, methods),
                      right = match(shown$right_method, methods),
                      participant = shown$participant, content = shown$content,
                      style = shown$style, stringsAsFactors = FALSE)
  votes$winner <- ifelse(shown$answer == "left", votes$left,
                         ifelse(shown$answer == "right", votes$right, 0))
  found <- davidson(counts_of(votes, methods))
  size <- length(methods)
  spread <- crossed_spread(influences(votes, found, size), votes)
  half <- qt(0.975, spread$freedom) * sqrt(spread$variance)
  strength <- found$values[seq_len(size)]
  table <- data.frame(
    question = question, method = methods,
    votes = vapply(seq_len(size), function(i) sum(votes$left == i | votes$right == i), 0L),
    rank = rank(-round(strength, 8), ties.method = "min"),
    strength = strength, low = (found$values - half)[seq_len(size)],
    high = (found$values + half)[seq_len(size)], share = plogis(strength)
  )
  table[order(table$rank, table$method), ]
}

questions <- if (length(arguments) > 1) arguments[2] else unique(answers$question)
main <- do.call(rbind, lapply(questions, table_of))
if (is.null(main)) stop("answers.csv holds no counted votes on two methods")
row.names(main) <- NULL
print(main, digits = 3)
write.csv(main, file.path(folder, "main_table.csv"), row.names = FALSE)
