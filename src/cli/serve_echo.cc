// `brunt serve echo`: a target to try scripts and plans against.
#include <fmt/format.h>

#include "cli/console.h"
#include "cli/services.h"
#include "judge/exit_code.h"
#include "loop/fiber_group.h"
#include "service/echo/echo_service.h"

namespace brunt {
namespace {

struct EchoFlags {
  std::string listen = "127.0.0.1:8080", certificate, key;
};

int serve_echo(const EchoFlags& flags) {
  const auto at = Endpoint::parse(flags.listen);
  if (!at) {
    complain(at.error().text);
    return code_of(ExitCode::invalid_config);
  }
  EchoOptions options{.at = *at, .tls = {}};
  if (!flags.certificate.empty())
    options.tls = TlsServerOptions{.certificate = flags.certificate, .key = flags.key};
  return run_on_loop([&](Fiber& self, Signals& signals) {
    auto service = EchoService::start(self.loop(), options);
    if (!service) {
      complain(service.error().text);
      return code_of(ExitCode::other);
    }
    print(fmt::format("echo listens at {}://{}; Ctrl-C ends it\n", options.tls ? "https" : "http",
                      (*service)->endpoint().text()));
    FiberGroup group(self.loop());
    if (!group.spawn("echo", [&](Fiber& fiber) { (*service)->serve(fiber); }))
      return code_of(ExitCode::other);
    (void)signals.next(self, far_future);
    (*service)->stop();
    (void)group.join(self);
    return 0;
  });
}

std::string paths_text() {
  std::string text = "\nPaths:\n";
  for (const EchoPath& path : echo_paths())
    text += fmt::format("  {:<40}{}\n", path.pattern, path.words);
  return text +
         "\nExamples:\n  brunt serve echo --listen 127.0.0.1:8080\n"
         "  brunt run script.js --map httpbin.org:443=127.0.0.1:8443   # with --certificate";
}

}  // namespace

void add_serve_echo(CLI::App& serve_verb, CommandLine& line) {
  // shared_ptr: the callback is a std::function, which copies what it holds.
  auto flags = std::make_shared<EchoFlags>();
  EchoFlags& f = *flags;
  CLI::App* verb =
      serve_verb.add_subcommand("echo", "Says back what it was asked, under httpbin's paths");
  verb->add_option("--listen", f.listen,
                   "Address and port (default 127.0.0.1:8080; port 0: a free one)");
  CLI::Option* const certificate =
      verb->add_option("--certificate", f.certificate, "PEM file: speak TLS");
  CLI::Option* const key =
      verb->add_option("--key", f.key, "PEM file of the certificate's key")->needs(certificate);
  certificate->needs(key);
  verb->footer(paths_text());
  verb->callback([&line, flags]() { line.todo = [&g = *flags] { return serve_echo(g); }; });
}

}  // namespace brunt
