// Parts of `analyse agreement`: the panel's coefficients, pairs of named readers, two methods of measurement.
#pragma once

#include <string>
#include <vector>

#include "dashboards/figure/figure.h"
#include "engine/app/analyse/analyse.h"
#include "engine/stats/panel.h"

namespace plumbline::analyse {

// The whole cases of one graded column.
struct GradedPanel {
  std::vector<stats::PanelCase> cases;
  std::vector<std::vector<std::size_t>> readers;  // of each grade; empty without a reader column
  std::vector<std::string> reader_names;
  std::vector<std::string> categories;  // of texts; empty for numbers
  std::size_t readings = 0;
  std::size_t missing = 0;
};

// Value with its interval, or why it has none.
[[nodiscard]] std::string IntervalText(const stats::Estimate& estimate, int digits, Lang lang);

// Members of the open JSON object, rows of the table and of the forest.
void AddCoefficients(const AgreementRequest& request, const std::string& value, const GradedPanel& panel, Json* json,
                     TextTable* table, figure::Forest* forest);
void AddPairs(const AgreementRequest& request, const GradedPanel& panel, Json* json, TextTable* table);

[[nodiscard]] Result<Report> CompareMethods(const AgreementRequest& request);

}  // namespace plumbline::analyse
