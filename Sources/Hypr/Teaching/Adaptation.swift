internal import CHypr
internal import HyprCore

@c @implementation public func hypr_adaptation_profile(_ index: Int) -> UnsafePointer<CChar>? { adaptationProfile(index)?.text }
