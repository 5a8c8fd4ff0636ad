#include "daemon/source/archive.h"

#include <zstd.h>

#include <algorithm>
#include <boost/iostreams/categories.hpp>
#include <boost/iostreams/filter/bzip2.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filter/lzma.hpp>
#include <boost/iostreams/filtering_streambuf.hpp>
#include <cstring>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

namespace rastro {
namespace {

namespace io = boost::iostreams;

constexpr std::size_t kWindowBytes = 256 * 1024;
constexpr std::size_t kSliceBytes = 32 * 1024;
// Boost drops what a filter had put into its buffer when the damage came: keep that small.
constexpr std::streamsize kFilterBufferBytes = 1024;

// The packed file as Boost.Iostreams wants it. Borrows the descriptor.
class PackedBytes {
 public:
  using char_type = char;
  using category = io::source_tag;
  explicit PackedBytes(int descriptor) : descriptor_(descriptor) {}
  std::streamsize read(char* out, std::streamsize size) {
    const auto got = pread_some(descriptor_, offset_, out, static_cast<std::size_t>(size));
    if (!got) throw std::runtime_error(got.error().message);
    if (*got == 0) return -1;
    offset_ += *got;
    return static_cast<std::streamsize>(*got);
  }

 private:
  int descriptor_;
  std::uint64_t offset_ = 0;
};

// Gives the uncompressed bytes once, from the first to the last. Throws on damage.
class Decoder {
 public:
  virtual ~Decoder() = default;
  virtual std::size_t read(char* out, std::size_t size) = 0;
};

class BoostDecoder final : public Decoder {
 public:
  BoostDecoder(int descriptor, ArchiveFormat format) {
    if (format == ArchiveFormat::gzip) {
      stream_.push(io::gzip_decompressor(), kFilterBufferBytes);
    } else if (format == ArchiveFormat::bzip2) {
      stream_.push(io::bzip2_decompressor(), kFilterBufferBytes);
    } else {
      stream_.push(io::lzma_decompressor(), kFilterBufferBytes);
    }
    stream_.push(PackedBytes(descriptor), kSliceBytes);
  }

  std::size_t read(char* out, std::size_t size) override {
    if (damage_) std::rethrow_exception(damage_);
    std::size_t have = 0;
    while (have < size) {
      auto ready = stream_.in_avail();
      if (ready <= 0) {
        try {
          if (stream_.sgetc() == std::char_traits<char>::eof()) break;
        } catch (...) {
          // What was read before the damage is given first.
          if (have == 0) throw;
          damage_ = std::current_exception();
          break;
        }
        ready = std::max<std::streamsize>(stream_.in_avail(), 1);
      }
      const auto part = std::min<std::streamsize>(ready, static_cast<std::streamsize>(size - have));
      have += static_cast<std::size_t>(stream_.sgetn(out + have, part));
    }
    return have;
  }

 private:
  io::filtering_streambuf<io::input> stream_;
  std::exception_ptr damage_;
};

// Not Boost's filter: that one takes a truncated file for a complete one.
class ZstdDecoder final : public Decoder {
 public:
  explicit ZstdDecoder(int descriptor)
      : packed_(descriptor), context_(ZSTD_createDCtx(), &ZSTD_freeDCtx), input_(kSliceBytes) {
    if (!context_) throw std::bad_alloc();
  }

  std::size_t read(char* out, std::size_t size) override {
    ZSTD_outBuffer into{out, size, 0};
    while (into.pos == 0) {
      if (from_.pos == from_.size && !refill()) {
        if (!in_frame_) return 0;
        // The decoder may still hold bytes that did not fit before.
        step(into);
        if (into.pos == 0) throw std::runtime_error("the file ends in the middle of a frame");
        break;
      }
      step(into);
    }
    return into.pos;
  }

 private:
  bool refill() {
    const auto got = packed_.read(input_.data(), static_cast<std::streamsize>(input_.size()));
    from_ = {input_.data(), got > 0 ? static_cast<std::size_t>(got) : 0, 0};
    return from_.size > 0;
  }

  void step(ZSTD_outBuffer& into) {
    const auto left = ZSTD_decompressStream(context_.get(), &into, &from_);
    if (ZSTD_isError(left) != 0) throw std::runtime_error(ZSTD_getErrorName(left));
    in_frame_ = left != 0;
  }

  PackedBytes packed_;
  std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context_;
  std::vector<char> input_;
  ZSTD_inBuffer from_{nullptr, 0, 0};
  bool in_frame_ = false;
};

class ArchiveContent final : public Content {
 public:
  ArchiveContent(Descriptor file, ArchiveFormat format) : file_(std::move(file)), format_(format) {}

  Result<std::size_t> read_at(std::uint64_t offset, char* out, std::size_t size) override {
    if (!decoder_ || offset < end_ - window_.size()) restart();
    while (offset >= end_) {
      if (!damage_.empty()) return make_error(Error::Code::corrupt, damage_);
      if (!advance()) {
        if (!damage_.empty()) continue;
        return std::size_t{0};
      }
    }
    const auto from = static_cast<std::size_t>(offset - (end_ - window_.size()));
    const auto part = std::min(size, window_.size() - from);
    std::memcpy(out, window_.data() + from, part);
    return part;
  }

  std::optional<State> growing() const override { return std::nullopt; }

 private:
  void restart() {
    window_.clear();
    end_ = 0;
    damage_.clear();
    try {
      if (format_ == ArchiveFormat::zstd) {
        decoder_ = std::make_unique<ZstdDecoder>(file_.get());
      } else {
        decoder_ = std::make_unique<BoostDecoder>(file_.get(), format_);
      }
    } catch (const std::exception& failure) {
      damage_ = failure.what();
    }
  }

  // Brings the next slice into the window; false at the end.
  bool advance() {
    if (window_.size() + kSliceBytes > 2 * kWindowBytes) {
      window_.erase(0, window_.size() - kWindowBytes);
    }
    const auto had = window_.size();
    window_.resize(had + kSliceBytes);
    std::size_t got = 0;
    try {
      got = decoder_->read(window_.data() + had, kSliceBytes);
    } catch (const std::exception& failure) {
      damage_ = std::string("damaged archive: ") + failure.what();
    }
    window_.resize(had + got);
    end_ += got;
    return got > 0;
  }

  Descriptor file_;
  ArchiveFormat format_;
  std::unique_ptr<Decoder> decoder_;  // borrows file_'s number
  std::string window_;                // the last bytes before end_
  std::uint64_t end_ = 0;             // uncompressed bytes seen so far
  std::string damage_;                // what stopped the decoder; empty: nothing did
};

}  // namespace

std::optional<ArchiveFormat> archive_format(std::string_view first_bytes) {
  using namespace std::string_view_literals;
  if (first_bytes.starts_with("\x1f\x8b\x08"sv)) return ArchiveFormat::gzip;  // RFC 1952 2.3
  if (first_bytes.starts_with("\xfd"
                              "7zXZ\0"sv))
    return ArchiveFormat::xz;  // .xz format 2.1.1.1
  if (first_bytes.starts_with("\x28\xb5\x2f\xfd"sv)) return ArchiveFormat::zstd;  // RFC 8878 3.1.1
  // "BZh", the block size, then the start of a block or, in an empty file, of the end mark.
  if (first_bytes.size() >= 6 && first_bytes.starts_with("BZh"sv) && first_bytes[3] >= '1' &&
      first_bytes[3] <= '9' &&
      (first_bytes.substr(4, 2) == "\x31\x41"sv || first_bytes.substr(4, 2) == "\x17\x72"sv)) {
    return ArchiveFormat::bzip2;
  }
  return std::nullopt;
}

std::unique_ptr<Content> open_archive(Descriptor file, ArchiveFormat format) {
  return std::make_unique<ArchiveContent>(std::move(file), format);
}

}  // namespace rastro
