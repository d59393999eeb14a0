package config

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// Service is what can be set for one service. Zero values mean that nothing is.
type Service struct {
	Overflow  string   `yaml:"overflow" default:"" type:"disconnect|drop-oldest|conflate" doc:"What happens when a queue of this service overflows: as queue.overflow, which holds without it."`
	Delivery  string   `yaml:"delivery" default:"" values:"|ordinary|durable" type:"ordinary|durable" doc:"durable: what is sent to a stateful socket of this service is stored before the send succeeds, and delivered at least once, also when the node is lost. ordinary: it waits in memory."`
	Auth      []string `yaml:"auth" default:"" doc:"How users of this service log in: as auth.methods, which holds without it."`
	Protocols []string `yaml:"protocols" default:"" doc:"Subprotocols of this service, the one wanted most first: the first that a client offers is selected."`
}

// DeliveryDurable is the value of services.<name>.delivery that has queues stored.
const DeliveryDurable = "durable"

// Durable says whether the queues of a service are stored.
func (c *Config) Durable(service string) bool {
	set := c.Services[service]
	return set != nil && set.Delivery == DeliveryDurable
}

// AnyDurable says whether those of any are.
func (c *Config) AnyDurable() bool {
	for name := range c.Services {
		if c.Durable(name) {
			return true
		}
	}
	return false
}

// service is what is set for a service. It is made when it is first asked for.
func (c *Config) service(name string) *Service {
	if c.Services == nil {
		c.Services = map[string]*Service{}
	}
	if c.Services[name] == nil {
		c.Services[name] = &Service{}
	}
	return c.Services[name]
}

// settings are those of the whole tree, and of each service about which something
// was said.
func (c *Config) settings() []Setting {
	var all []Setting
	for _, s := range settings {
		if !s.perService {
			all = append(all, s)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Services)) {
		all = append(all, settingsOf(name)...)
	}
	return all
}

// services begins the keys, serviceVariables the variables, of what is set for one.
const (
	services         = "services."
	serviceVariables = EnvPrefix + "SERVICES_"
)

// ofServices adds the settings of a struct of settings of a service to those found.
func ofServices(found []Setting, t reflect.Type, prefix string) []Setting {
	before := len(found)
	found = walk(found, t, prefix, nil)
	for i := before; i < len(found); i++ {
		found[i].perService = true
	}
	return found
}

// settingsOf are those of one service; none if the name cannot be that of one.
func settingsOf(name string) []Setting {
	if !hub.ValidService(name) {
		return nil
	}
	var found []Setting
	for _, s := range settings {
		if s.perService {
			s.Key = strings.Replace(s.Key, "<name>", name, 1)
			s.Env = strings.Replace(s.Env, "<NAME>", strings.ToUpper(name), 1)
			s.service = name
			found = append(found, s)
		}
	}
	return found
}

// serviceKey is the key of a setting of a service.
func serviceKey(name, member string) string { return services + name + "." + member }

// keyOfService finds the setting of a key such as services.main_ws_service.overflow.
// A name may have dots in it.
func keyOfService(key string) (Setting, bool) {
	at := max(strings.LastIndexByte(key, '.'), 0)
	for _, s := range settingsOf(serviceIn(key[:at] + ".")) {
		if s.Key == key {
			return s, true
		}
	}
	return Setting{}, false
}

// serviceIn is the name in the beginning of a key, services.<name>. with the dot;
// "" if there is none.
func serviceIn(prefix string) string {
	name, ok := strings.CutPrefix(prefix, services)
	if !ok {
		return ""
	}
	return strings.TrimSuffix(name, ".")
}

// isService reports whether a key of a file with this value is a service, with
// settings below it.
func isService(key string, value *yaml.Node) bool {
	name, ok := strings.CutPrefix(key, services)
	if !ok || !hub.ValidService(name) {
		return false
	}
	_, isSetting := keyOfService(key)
	return value.Kind == yaml.MappingNode || !isSetting && !strings.Contains(name, ".")
}

// variableOfService are the settings of the service that a variable names. The name
// is in upper case there, that of the service in lower case.
func variableOfService(variable string) []Setting {
	rest, ok := strings.CutPrefix(variable, serviceVariables)
	at := strings.LastIndexByte(rest, '_')
	if !ok || at < 0 {
		return nil
	}
	return settingsOf(strings.ToLower(rest[:at]))
}
