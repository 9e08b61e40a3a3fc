#include "ledger/ledger.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string>

#include "base/file.h"
#include "base/text.h"
#include "ledger/sql_ledger.h"
#include "ledger/sql_store.h"

namespace brunt {

std::string without_password(std::string_view place) {
  std::string text(place);
  const std::size_t scheme = text.find("://");
  if (scheme == std::string::npos) return text;
  constexpr std::string_view parameter = "password=";
  for (std::size_t at = text.find(parameter); at != std::string::npos;
       at = text.find(parameter, at + 1)) {
    if (text[at - 1] != '?' && text[at - 1] != '&') continue;
    const std::size_t value = at + parameter.size();
    text.erase(value, std::min(text.find('&', value), text.size()) - value);
  }
  const std::size_t host_end = std::min(text.find_first_of("/?#", scheme + 3), text.size());
  const std::size_t at = text.rfind('@', host_end);
  const std::size_t colon = text.find(':', scheme + 3);
  if (at == std::string::npos || at < scheme || colon > at) return text;
  return text.erase(colon, at - colon);
}
namespace {

// Field 22 of /proc/PID/stat; the name in field 2 may hold anything, so count from its end.
std::uint64_t start_ticks_of(std::int64_t process) {
  const auto stat = read_file("/proc/" + std::to_string(process) + "/stat");
  if (!stat) return 0;
  const std::size_t after_name = stat->rfind(')');
  if (after_name == std::string::npos) return 0;
  const auto fields = split(trim(std::string_view(*stat).substr(after_name + 1)), ' ');
  constexpr std::size_t start_field = 22 - 3;  // Fields 1 and 2 are gone, and it counts from 0.
  std::uint64_t ticks = 0;
  if (fields.size() > start_field)
    std::from_chars(fields[start_field].data(),
                    fields[start_field].data() + fields[start_field].size(), ticks);
  return ticks;
}

}  // namespace

bool is_alive(const ProcessIdentity& process) {
  return process.id > 0 && process.start_ticks != 0 &&
         start_ticks_of(process.id) == process.start_ticks;
}

ProcessIdentity current_process() {
  const std::int64_t id = getpid();
  return {.id = id, .start_ticks = start_ticks_of(id)};
}

Result<std::unique_ptr<Ledger>> Ledger::open(const LedgerOptions& options) {
  const bool server =
      options.place.starts_with("postgres://") || options.place.starts_with("postgresql://");
  if (!server && options.place.find("://") != std::string::npos)
    return fail(ErrorCode::invalid, "a ledger is a file or postgres://…, not " + options.place);
  auto store = server ? TRY(open_postgres_store(options)) : TRY(open_sqlite_store(options));
  if (options.access == LedgerAccess::write)
    TRY(migrate(*store));
  else
    TRY(check_schema(*store));
  return std::make_unique<SqlLedger>(std::move(store));
}

}  // namespace brunt
