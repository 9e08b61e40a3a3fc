// The groups and checks of a run as k6 nests them: for its summary, and for its REST API.
//
//   const K6Group root = k6_groups(k6_group_paths(record), record.checks);
//   root.groups[0].id();   // of "::shop"
//
// Source: k6 documentation, "Tags and groups"; an id is the MD5 of the path.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "record/run_record.h"

namespace brunt {

struct K6Group {
  std::string name, path;  // Of the root: "".
  std::vector<CheckResult> checks;
  std::vector<K6Group> groups;

  std::string id() const;
};

// `paths`: of all groups that ran, also without checks: "::shop::cart".
K6Group k6_groups(std::span<const std::string> paths, std::span<const CheckResult> checks);

// All groups that ran, in the order in which they first ended, as a script's code has them.
// `tags`: only of what has them.
std::vector<std::string> k6_group_paths(const RunRecord& record, const TagSet& tags = {});

// {name, path, id, passes, fails}. REQUIRES: a check of this group.
Json k6_check_json(const K6Group& group, const CheckResult& check);

}  // namespace brunt
