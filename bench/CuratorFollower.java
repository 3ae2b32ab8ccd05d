/** Follows a service by Curator's ServiceCache, for bench/fleet.py.
 *
 * It prints the time of each change, and what it cost when asked to.
 */
import com.sun.management.OperatingSystemMXBean;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.curator.retry.RetryForever;
import org.apache.curator.x.discovery.ServiceCache;
import org.apache.curator.x.discovery.ServiceDiscovery;
import org.apache.curator.x.discovery.ServiceDiscoveryBuilder;
import org.apache.curator.x.discovery.details.ServiceCacheListener;

public class CuratorFollower {

    static synchronized void say(String text) {
        System.out.println(text);
        System.out.flush();
    }

    static void sayTime() {
        say(String.format(
            java.util.Locale.ROOT, "%.9f", System.nanoTime() / 1e9));
    }

    public static void main(String[] arguments) throws Exception {
        CuratorFramework client = CuratorFrameworkFactory.newClient(
            arguments[0], 30000, 15000, new RetryForever(100));
        client.start();
        ServiceDiscovery<Void> discovery =
            ServiceDiscoveryBuilder.builder(Void.class)
            .client(client).basePath(arguments[1]).build();
        discovery.start();
        ServiceCache<Void> cache =
            discovery.serviceCacheBuilder().name(arguments[2]).build();
        cache.start();
        cache.addListener(new ServiceCacheListener() {
            @Override
            public void cacheChanged() {
                sayTime();
            }

            @Override
            public void stateChanged(
                    CuratorFramework client, ConnectionState state) {
            }
        });
        sayTime();
        OperatingSystemMXBean system = (OperatingSystemMXBean)
            ManagementFactory.getOperatingSystemMXBean();
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(System.in));
        while (lines.readLine() != null) {
            say(String.format(java.util.Locale.ROOT, "cost %.9f 0",
                              system.getProcessCpuTime() / 1e9));
        }
        cache.close();
        discovery.close();
        client.close();
    }
}
