public import CHypr
internal import HyprCore

extension Failure {
  /// The status code of hypr.h.
  var status: hypr_status {
    switch self {
    case .invalidArgument: hypr_status(HYPR_ERROR_INVALID_ARGUMENT)
    case .sizeMismatch: hypr_status(HYPR_ERROR_SIZE_MISMATCH)
    case .notFinite: hypr_status(HYPR_ERROR_NOT_FINITE)
    case .wrongState: hypr_status(HYPR_ERROR_WRONG_STATE)
    case .bufferTooSmall: hypr_status(HYPR_ERROR_BUFFER_TOO_SMALL)
    case .notFound: hypr_status(HYPR_ERROR_NOT_FOUND)
    case .stopped: hypr_status(HYPR_ERROR_STOPPED)
    case .modelInvalid: hypr_status(HYPR_ERROR_MODEL_INVALID)
    case .modelUnsupported: hypr_status(HYPR_ERROR_MODEL_UNSUPPORTED)
    case .stateMismatch: hypr_status(HYPR_ERROR_STATE_MISMATCH)
    case .outOfMemory: hypr_status(HYPR_ERROR_OUT_OF_MEMORY)
    case .inputOutput: hypr_status(HYPR_ERROR_IO)
    }
  }
}

var ok: hypr_status { hypr_status(HYPR_OK) }
var invalidArgument: hypr_status { hypr_status(HYPR_ERROR_INVALID_ARGUMENT) }
var notFound: hypr_status { hypr_status(HYPR_ERROR_NOT_FOUND) }

extension StaticString {
  var text: UnsafePointer<CChar> { UnsafeRawPointer(utf8Start).assumingMemoryBound(to: CChar.self) }
}

/// The version of hypr.h as text; a test compares the two.
private var versionText: StaticString { "0.1.0" }

@c @implementation public func hypr_version_number() -> UInt32 {
  UInt32(HYPR_VERSION_MAJOR * 10_000 + HYPR_VERSION_MINOR * 100 + HYPR_VERSION_PATCH)
}

@c @implementation public func hypr_version_string() -> UnsafePointer<CChar>! { versionText.text }

@c @implementation public func hypr_status_name(_ status: hypr_status) -> UnsafePointer<CChar>! {
  let name: StaticString =
    switch Int(status) {
    case HYPR_OK: "HYPR_OK"
    case HYPR_ERROR_INVALID_ARGUMENT: "HYPR_ERROR_INVALID_ARGUMENT"
    case HYPR_ERROR_SIZE_MISMATCH: "HYPR_ERROR_SIZE_MISMATCH"
    case HYPR_ERROR_NOT_FINITE: "HYPR_ERROR_NOT_FINITE"
    case HYPR_ERROR_WRONG_STATE: "HYPR_ERROR_WRONG_STATE"
    case HYPR_ERROR_BUFFER_TOO_SMALL: "HYPR_ERROR_BUFFER_TOO_SMALL"
    case HYPR_ERROR_NOT_FOUND: "HYPR_ERROR_NOT_FOUND"
    case HYPR_ERROR_STOPPED: "HYPR_ERROR_STOPPED"
    case HYPR_ERROR_MODEL_INVALID: "HYPR_ERROR_MODEL_INVALID"
    case HYPR_ERROR_MODEL_UNSUPPORTED: "HYPR_ERROR_MODEL_UNSUPPORTED"
    case HYPR_ERROR_STATE_MISMATCH: "HYPR_ERROR_STATE_MISMATCH"
    case HYPR_ERROR_OUT_OF_MEMORY: "HYPR_ERROR_OUT_OF_MEMORY"
    case HYPR_ERROR_IO: "HYPR_ERROR_IO"
    default: "HYPR_ERROR_UNKNOWN"
    }
  return name.text
}
