// What was measured of each client, as CSV: `brunt report RUN --format subjects`, and with the
// columns of the message server's first experiment, `--format analysis`.
#pragma once
#include <string>

#include "record/run_record.h"

namespace brunt {

// A line a subject, a column a figure: subject,setup_time,frame_req_duration.median, ... Numbered
// subjects in the order of their numbers. Only the head where the run has none.
std::string subjects_csv(const RunRecord& record);

// client_id,connect_time_us,median_rtt_us, the last in microseconds; of each subject that has both.
std::string analysis_csv(const RunRecord& record);

}  // namespace brunt
