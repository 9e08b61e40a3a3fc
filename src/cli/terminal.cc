#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

namespace brunt {

Terminal Terminal::detect(int descriptor) {
  Terminal terminal;
  const char* kind = std::getenv("TERM");
  const bool dumb = kind == nullptr || std::string_view(kind) == "dumb";
  terminal.interactive = ::isatty(descriptor) == 1 && !dumb;
  if (terminal.interactive && std::getenv("NO_COLOR") == nullptr)
    terminal.style.colours = Colours::on;
  winsize size{};
  if (terminal.interactive && ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    terminal.style.width = size.ws_col;
  return terminal;
}

}  // namespace brunt
