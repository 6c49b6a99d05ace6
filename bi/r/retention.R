# Who comes back? From what is published to an answer about retention: a table, and retention.png.
# 谁会回来？从发布的数据到留存的答案：一张表和 retention.png。
#
#   Rscript bi/r/retention.R
#
# Reads the published file when R has the package duckdb, and otherwise PostgreSQL
# (docs/en/postgres.md) with RPostgres or RPostgreSQL. The server is the one that libpq's
# variables name: PGHOST, PGPORT, PGDATABASE, PGUSER, PGPASSWORD.

library(DBI)

publish_dir <- Sys.getenv("YUNYING_PUBLISH_DIR", "data/published")
published <- if (requireNamespace("duckdb", quietly = TRUE)) {
  dbConnect(duckdb::duckdb(), file.path(publish_dir, "yunying.duckdb"), read_only = TRUE)
} else {
  driver <- if (requireNamespace("RPostgres", quietly = TRUE)) {
    RPostgres::Postgres()
  } else {
    RPostgreSQL::PostgreSQL()
  }
  dbConnect(
    driver,
    host = Sys.getenv("PGHOST", "localhost"),
    port = as.integer(Sys.getenv("PGPORT", "5432")),
    dbname = Sys.getenv("PGDATABASE", "operations"),
    user = Sys.getenv("PGUSER"),
    password = Sys.getenv("PGPASSWORD")
  )
}

# The first of the curves that are defined; a rate is of the users whose period is over.
curve <- dbGetQuery(published, "
  select
      cohorts.retention_id,
      cohorts.period_number,
      cohorts.eligible_count,
      cohorts.mature_returned_count,
      cohorts.retention_rate
  from marts.mart_retention_cohorts as cohorts
  where cohorts.breakdown_value is null
      and cohorts.cohort_start_at is null
      and cohorts.retention_id = (
          select retention_id from seeds.dim_retentions order by row_number limit 1
      )
  order by cohorts.period_number
")
invisible(dbDisconnect(published))
print(curve)

png("retention.png", width = 900, height = 500)
plot(
  curve$period_number, 100 * curve$retention_rate,
  type = "b", pch = 19, col = "#0072B2", ylim = c(0, 100),
  main = curve$retention_id[1], xlab = "Periods after the start", ylab = "Came back, %"
)
invisible(dev.off())
