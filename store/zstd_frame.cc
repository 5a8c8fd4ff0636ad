#include "store/zstd_frame.h"

#include <zstd.h>

#include <memory>

#include "core/check.h"

namespace rastro {
namespace {

// What a damaged or hostile file may make us allocate.
constexpr std::size_t kUnpackedBytesMax = 1 << 20;
constexpr int kLevel = 1;

}  // namespace

std::string zstd_packed(std::string_view bytes) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  const auto size = ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), kLevel);
  RASTRO_CHECK(ZSTD_isError(size) == 0);  // the bound always fits
  out.resize(size);
  out.shrink_to_fit();
  return out;
}

std::optional<std::string> zstd_unpacked(std::string_view frame) {
  const auto size = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN ||
      size > kUnpackedBytesMax) {
    return std::nullopt;
  }
  std::string out(static_cast<std::size_t>(size), '\0');
  // A new context for each frame would cost as much as a small frame itself.
  struct Free {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };
  thread_local const std::unique_ptr<ZSTD_DCtx, Free> context(ZSTD_createDCtx());
  if (context == nullptr) return std::nullopt;
  const auto got =
      ZSTD_decompressDCtx(context.get(), out.data(), out.size(), frame.data(), frame.size());
  if (ZSTD_isError(got) != 0 || got != out.size()) return std::nullopt;
  return out;
}

bool is_zstd_frame(std::string_view bytes) { return bytes.starts_with("\x28\xb5\x2f\xfd"); }

}  // namespace rastro
