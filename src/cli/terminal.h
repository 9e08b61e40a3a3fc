// What standard output or error is connected to: a terminal with colours and a width, or a file or
// pipe with neither.
#pragma once
#include <string>
#include <string_view>

namespace brunt {

struct Terminal {
  bool interactive = false;  // A terminal that can move its cursor.
  bool colour = false;  // NO_COLOR and TERM=dumb switch it off; --colour always|never|auto decides.
  int width = 100;

  // `descriptor` is 1 or 2.
  static Terminal detect(int descriptor);

  std::string bold(std::string_view text) const { return paint("1", text); }
  std::string dim(std::string_view text) const { return paint("2", text); }
  std::string red(std::string_view text) const { return paint("31", text); }
  std::string green(std::string_view text) const { return paint("32", text); }
  std::string yellow(std::string_view text) const { return paint("33", text); }
  std::string cyan(std::string_view text) const { return paint("36", text); }

 private:
  std::string paint(std::string_view code, std::string_view text) const;
};

}  // namespace brunt
