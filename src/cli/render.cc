#include "cli/render.h"

#include "report/csv.h"
#include "report/html.h"
#include "report/json.h"
#include "report/subjects_csv.h"

namespace brunt {

std::string render(const RunRecord& record, std::string_view format,
                   const TextReportOptions& text) {
  if (format == "json") return json_report(record).dump_pretty() + "\n";
  if (format == "csv") return csv_report(record);
  if (format == "html") return html_report(record);
  if (format == "subjects") return subjects_csv(record);
  if (format == "analysis") return analysis_csv(record);
  return text_report(record, text);
}

}  // namespace brunt
