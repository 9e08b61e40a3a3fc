#include "service/iot/iot_store.h"

#include <fmt/format.h>

#include "service/iot/postgres_store.h"
#include "service/iot/sqlite_store.h"

namespace brunt {

Result<std::unique_ptr<IotStore>> open_iot_store(Fiber& self, const IotStoreOptions& options) {
  constexpr std::string_view sqlite = "sqlite:";
  const std::string_view url = options.url;
  if (url.starts_with("postgres://") || url.starts_with("postgresql://"))
    return PostgresIotStore::open(self, options);
  if (!url.starts_with(sqlite))
    return fail(ErrorCode::invalid,
                fmt::format("`{}` is no store: write sqlite:PATH, sqlite: (a temporary file), "
                            "sqlite::memory:, or postgres://USER@HOST/DATABASE",
                            url));
  return SqliteIotStore::open(self, std::string(url.substr(sqlite.size())));
}

}  // namespace brunt
