// `brunt serve`: a built-in service, to be measured or tried.
#include <fmt/format.h>

#include "base/units.h"
#include "cli/console.h"
#include "cli/services.h"
#include "cli/verbs.h"
#include "judge/exit_code.h"
#include "service/iot/iot_service.h"

namespace brunt {
namespace {

struct ServeFlags {
  std::string listen = "127.0.0.1:8080", store = "sqlite:brunt-iot.db", certificate, key;
  std::size_t threads = 1, store_connections = 0;
  std::string group_wait;
};

Result<IotOptions> options_of(const ServeFlags& flags) {
  IotOptions options;
  options.listen = TRY(Endpoint::parse(flags.listen));
  options.store.url = flags.store;
  if (flags.threads < 1 || flags.threads > 256)
    return fail(ErrorCode::invalid, fmt::format("--threads {}: give 1 to 256", flags.threads));
  options.threads = flags.threads;
  if (!flags.certificate.empty())
    options.tls = TlsServerOptions{.certificate = flags.certificate, .key = flags.key};
  return options;
}

int serve_iot(const ServeFlags& flags) {
  const auto options = options_of(flags);
  if (!options) {
    complain(options.error().text);
    return code_of(ExitCode::invalid_config);
  }
  return run_on_loop([&](Fiber& self, Signals& signals) {
    auto service = IotService::start(self, *options);
    if (!service) {
      complain(service.error().text);
      return code_of(ExitCode::other);
    }
    print(fmt::format("iot listens at {}://{} (store {}); Ctrl-C ends it\n",
                      options->tls ? "https" : "http", (*service)->endpoint().text(), flags.store));
    (void)signals.next(self, far_future);
    (*service)->stop();
    (*service)->join(self);
    return 0;
  });
}

}  // namespace

void add_serve(CLI::App& app, CommandLine& line) {
  // shared_ptr: the callback is a std::function, which copies what it holds.
  auto flags = std::make_shared<ServeFlags>();
  ServeFlags& f = *flags;
  CLI::App* verb = app.add_subcommand("serve", "Run a built-in service");
  verb->footer(
      "\nExamples:\n  brunt serve iot --listen 127.0.0.1:8080\n"
      "  brunt serve echo\n"
      "  brunt serve messages --help");
  verb->require_subcommand(1);
  CLI::App* iot =
      verb->add_subcommand("iot", "Devices log in, ask what to do, and send measurements");
  iot->add_option("--listen", f.listen,
                  "Address and port (default 127.0.0.1:8080; port 0: a free one)");
  iot->add_option(
      "--store", f.store,
      "sqlite:FILE (default sqlite:brunt-iot.db), sqlite: (a temporary file), or postgres://...");
  iot->add_option("--threads", f.threads, "Event loops (default 1)");
  iot->add_option("--certificate", f.certificate, "PEM file: speak TLS");
  iot->add_option("--key", f.key, "PEM file of the certificate's key");
  iot->footer(
      "\nExamples:\n  brunt serve iot\n  brunt serve iot --store postgres://postgres@127.0.0.1/iot "
      "--threads 2");
  iot->callback([&line, flags]() { line.todo = [&g = *flags] { return serve_iot(g); }; });
  add_serve_echo(*verb, line);
  add_serve_messages(*verb, line);
}

}  // namespace brunt
