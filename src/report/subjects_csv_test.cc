#include "report/subjects_csv.h"

#include <doctest/doctest.h>

using namespace brunt;

TEST_CASE("each client has a line in the order of the numbers") {
  RunRecord record;
  CHECK(subjects_csv(record) == "subject\n");
  CHECK(analysis_csv(record) == "client_id,connect_time_us,median_rtt_us\n");
  record.subjects = {{"10", "setup_time", 0.25},
                     {"10", "frame_req_duration.median", 0.0415},
                     {"10", "frame_req_duration.count", 100},
                     {"9", "setup_time", 0.125},
                     {"9", "frame_req_duration.median", 0.04},
                     {"x", "setup_time", 1}};
  CHECK(subjects_csv(record) ==
        "subject,setup_time,frame_req_duration.median,frame_req_duration.count\n"
        "9,0.125,0.04,\n10,0.25,0.0415,100\nx,1,,\n");
  CHECK(analysis_csv(record) ==
        "client_id,connect_time_us,median_rtt_us\n9,125.0,40.0\n10,250.0,41.5\n");
}
