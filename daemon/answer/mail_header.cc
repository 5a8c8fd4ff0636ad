#include "daemon/answer/mail_header.h"

#include <gmime/gmime.h>

#include <mutex>

#include "daemon/answer/charset.h"

namespace rastro {

void init_gmime() {
  static std::once_flag once;
  std::call_once(once, [] { g_mime_init(); });
}

std::string decode_header(const std::string& raw) {
  init_gmime();
  const auto text = to_utf8(raw, "");
  std::string out;
  if (text.find("=?") != std::string::npos) {
    char* decoded = g_mime_utils_header_decode_text(nullptr, text.c_str());
    if (decoded != nullptr) {
      gchar* valid = g_utf8_make_valid(decoded, -1);
      out = valid;
      g_free(valid);
    }
    g_free(decoded);
  }
  if (out.empty()) out = text;
  // Unfolded: a line break and the blanks behind it are one blank.
  std::string flat;
  for (const char c : out) {
    const bool blank = c == '\n' || c == '\r' || c == '\t' || c == ' ';
    if (!blank) flat.push_back(c);
    if (blank && !flat.empty() && flat.back() != ' ') flat.push_back(' ');
  }
  while (flat.ends_with(' ')) flat.pop_back();
  return flat;
}

}  // namespace rastro
