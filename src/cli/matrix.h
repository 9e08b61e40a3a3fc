// The runs of a plan with a `matrix:`: which there are, and the table that they end with.
//
//   for (const MatrixChoice& choice : combinations_of(plan)) ... read the plan with it, run it ...
//   print(matrix_table(rows, style));
#pragma once
#include <string>
#include <vector>

#include "plan/plan.h"
#include "record/run_record.h"
#include "report/style.h"

namespace brunt {

// Every combination of the values that the plan leaves open: the last name changes fastest.
// `fixed` are the names that --matrix gave. Empty: there is only one run.
std::vector<MatrixChoice> combinations_of(const Plan& plan, const MatrixChoice& fixed);

// threads=2, store=sqlite
std::string words_of(const MatrixChoice& choice);

// FILE.html becomes FILE-threads=2.html; "" and "-" stay.
std::string with_choice(const std::string& file, const MatrixChoice& choice);

struct MatrixRow {
  MatrixChoice choice;
  std::string run_id;
  std::string requests_each_second, p50, p95, p99, failed;  // "" where nothing was requested.
  std::string outcome;
};

MatrixRow matrix_row(const MatrixChoice& choice, const RunRecord& record);

std::string matrix_table(const std::vector<MatrixRow>& rows, const Style& style);

}  // namespace brunt
