package hostapi

import "github.com/tutorsocket/tutorsocket/internal/basescript"

// settingsGlobals are the settings and lists of a portal, as far as scripts get on with empty ones.
var settingsGlobals = []basescript.Global{
	{
		Name: "global_settings", Doc: "The settings of the portal: debug and an empty settings; the others need stand-ins.",
		Static: &basescript.Class{Name: "global_settings", Props: []basescript.Prop{
			{
				Name: "debug", Sig: "boolean", Doc: "Whether the portal looks for faults: always false.",
				Get: func(*basescript.Run, basescript.Value) (basescript.Value, error) { return basescript.False, nil },
			},
			{
				Name: "settings", Sig: "JsObject", Doc: "Further settings: an empty object.",
				Get: func(r *basescript.Run, _ basescript.Value) (basescript.Value, error) {
					return basescript.ObjectValue(r.NewObject()), nil
				},
			},
		}},
	},
	{
		Name: "common", Doc: "The lists of the portal, such as common.object_types: there are none here.", Origin: basescript.Refused,
		Static: &basescript.Class{Name: "common"},
	},
	{
		Name: "lists", Doc: "The lists of the portal, as in common: there are none here.", Origin: basescript.Refused,
		Static: &basescript.Class{Name: "lists"},
	},
}
