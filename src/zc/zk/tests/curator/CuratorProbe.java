import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.curator.retry.RetryForever;
import org.apache.curator.x.discovery.ServiceCache;
import org.apache.curator.x.discovery.ServiceDiscovery;
import org.apache.curator.x.discovery.ServiceDiscoveryBuilder;
import org.apache.curator.x.discovery.ServiceInstance;
import org.apache.curator.x.discovery.ServiceInstanceBuilder;
import org.apache.curator.x.discovery.ServiceProvider;
import org.apache.curator.x.discovery.details.JsonInstanceSerializer;
import org.apache.curator.x.discovery.details.ServiceCacheListener;

/**
 * The other side of the tests of Curator's format: it registers instances,
 * and tells what it finds, as its user tells it line by line.
 *
 * Usage: CuratorProbe CONNECTION BASE-PATH SERVICE
 */
public class CuratorProbe {
    static CuratorFramework client;
    static ServiceDiscovery<Object> discovery;
    static ServiceCache<Object> cache;
    static ServiceProvider<Object> provider;
    static final Map<String, ServiceInstance<Object>> mine =
        new LinkedHashMap<>();

    static synchronized void say(String line) {
        System.out.println(line);
        System.out.flush();
    }

    static String shown(ServiceInstance<Object> each) {
        return each.getName() + " " + each.getId() + " " + each.getAddress()
            + " " + each.getPort() + " " + each.getSslPort() + " "
            + each.isEnabled() + " " + each.getServiceType() + " "
            + each.getPayload();
    }

    static void list() {
        Map<String, String> found = new TreeMap<>();
        for (ServiceInstance<Object> each : cache.getInstances()) {
            found.put(each.getId(), shown(each));
        }
        say("list " + found.size());
        for (String line : found.values()) {
            say("instance " + line);
        }
        say("end");
    }

    static ServiceInstance<Object> instance(
            String address, String id, boolean enabled) throws Exception {
        String[] parts = address.split(":");
        Map<String, Object> payload = new LinkedHashMap<>();
        payload.put("version", "1.2");
        ServiceInstanceBuilder<Object> builder = ServiceInstance.builder();
        builder.name(service).address(parts[0])
            .port(Integer.parseInt(parts[1])).payload(payload)
            .enabled(enabled);
        if (id != null) {
            builder.id(id);
        }
        return builder.build();
    }

    static String service;

    public static void main(String[] args) throws Exception {
        service = args[2];
        client = CuratorFrameworkFactory.newClient(
            args[0], 4000, 15000, new RetryForever(100));
        client.start();
        discovery = ServiceDiscoveryBuilder.builder(Object.class)
            .client(client).basePath(args[1])
            .serializer(new JsonInstanceSerializer<Object>(
                Object.class, false)).build();
        discovery.start();
        cache = discovery.serviceCacheBuilder().name(service).build();
        cache.addListener(new ServiceCacheListener() {
            public void cacheChanged() {
                list();
            }
            public void stateChanged(
                    CuratorFramework client, ConnectionState state) {
            }
        });
        provider = discovery.serviceProviderBuilder().serviceName(service)
            .build();
        cache.start();
        provider.start();
        list();
        BufferedReader in =
            new BufferedReader(new InputStreamReader(System.in));
        String line;
        while ((line = in.readLine()) != null) {
            String[] words = line.split(" ");
            switch (words[0]) {
                case "register":
                    ServiceInstance<Object> made =
                        instance(words[1], null, true);
                    mine.put(words[1], made);
                    discovery.registerService(made);
                    say("registered " + made.getId());
                    break;
                case "disable":
                    discovery.updateService(instance(
                        words[1], mine.get(words[1]).getId(), false));
                    say("disabled");
                    break;
                case "unregister":
                    discovery.unregisterService(mine.remove(words[1]));
                    say("unregistered");
                    break;
                case "choose":
                    ServiceInstance<Object> one = provider.getInstance();
                    say("chosen " + (one == null ? "none" : shown(one)));
                    break;
                default:
                    say("what is " + line + "?");
            }
        }
        provider.close();
        cache.close();
        discovery.close();
        client.close();
    }
}
