#include "report/k6_groups.h"

#include <algorithm>
#include <string_view>

#include "base/digest.h"

namespace brunt {
namespace {

// The group of that path, made where it is not there yet.
K6Group& group_at(K6Group& root, std::string_view path) {
  K6Group* group = &root;
  while (path.starts_with("::")) {
    path.remove_prefix(2);
    const std::string_view name = path.substr(0, path.find("::"));
    path.remove_prefix(name.size());
    const auto found = std::ranges::find(group->groups, name, &K6Group::name);
    if (found != group->groups.end()) {
      group = &*found;
      continue;
    }
    const std::string own = group->path + "::" + std::string(name);
    group = &group->groups.emplace_back(
        K6Group{.name = std::string(name), .path = own, .checks = {}, .groups = {}});
  }
  return *group;
}

}  // namespace

std::string K6Group::id() const {
  return md5_hex(path);
}

K6Group k6_groups(std::span<const std::string> paths, std::span<const CheckResult> checks) {
  K6Group root;
  for (const std::string& path : paths) (void)group_at(root, path);
  for (const CheckResult& check : checks) group_at(root, check.group).checks.push_back(check);
  return root;
}

std::vector<std::string> k6_group_paths(const RunRecord& record, const TagSet& tags) {
  std::vector<std::string> paths;
  for (const SeriesInfo& series : record.series) {
    if (series.metric.name != name_of(MetricId::group_duration) || !matches(series.tags, tags))
      continue;
    std::string path(tag_value(series.tags, "group"));
    if (!path.empty() && std::ranges::find(paths, path) == paths.end())
      paths.push_back(std::move(path));
  }
  return paths;
}

Json k6_check_json(const K6Group& group, const CheckResult& check) {
  const std::string path = group.path + "::" + check.name;
  return Json::Object{{"name", check.name},
                      {"path", path},
                      {"id", md5_hex(path)},
                      {"passes", check.passes},
                      {"fails", check.fails}};
}

}  // namespace brunt
